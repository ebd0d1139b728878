"""What is measured besides the loop: a promise's cases a file, each a function that gives lines of the table."""
