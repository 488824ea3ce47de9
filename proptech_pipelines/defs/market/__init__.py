"""The market tables, a group of assets for each family of models."""
