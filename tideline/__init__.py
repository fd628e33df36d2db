"""What runs only on a laptop: the command, the local workspace, the sample sources."""
