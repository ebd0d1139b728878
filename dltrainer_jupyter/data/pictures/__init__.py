"""Pictures in files: opened safely, brought to one size with what is known of places in them, listed in folders."""
