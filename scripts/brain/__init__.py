"""What scripts/train_bundle.py is made of: read, cluster, prior, quality, evaluate, write."""
