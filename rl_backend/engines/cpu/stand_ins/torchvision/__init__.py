"""Stands in for torchvision, whose wheels do not load beside a CPU build of torch.

SGLang imports it for image models, whose processors it registers at start; a text model uses none
of it. On the path of a CPU server only, so that every other process sees no torchvision at all.
"""

from torchvision import io as io
from torchvision import transforms as transforms

__version__ = "0.0.0"
