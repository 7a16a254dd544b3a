"""How the reader's shipped weights were made: examples, training, calibration."""
