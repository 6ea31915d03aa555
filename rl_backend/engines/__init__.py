"""What answers for a policy: engines that sample tokens, and scripted policies without a model."""
