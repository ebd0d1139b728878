"""Text in files: told apart by folders or line by line, read as whole numbers."""
