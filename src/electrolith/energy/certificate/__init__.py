"""What a potential may be trusted with: promises, and how each is measured."""
