"""Stock SGLang on a machine without a GPU; nothing here is imported by another process."""
