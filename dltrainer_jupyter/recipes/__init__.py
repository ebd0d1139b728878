"""Learning algorithms, one a file. A recipe knows what to learn; it knows neither files, data order nor devices."""
