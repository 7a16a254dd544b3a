"""From what a newspaper has to passages that can be searched. Knows nothing of `bot`."""
