"""The container files, checked without a container engine: by their specification and by running their commands."""
