"""The training demonstration: a small model learns careful work on two processor cores.

`python -m studio.train_demo` (`make train-demo`) makes bundles, a baseline, trains it with GRPO and
measures both, for each seed. Every stage leaves its result in a folder; what is there already is
not made again, so that the demonstration survives being interrupted at any moment.
"""
