"""Which data, transformers and models the code passes on: an interpretation of its syntax tree, without its values."""
