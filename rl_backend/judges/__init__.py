"""Who decides criteria: checks first, a model for the rest. No judge learns the policy's name."""
