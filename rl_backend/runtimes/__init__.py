"""Where the world of a rollout runs: in this process, or in a bundle's environment server."""
