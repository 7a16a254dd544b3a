"""From a question to quoted sentences, then Telegram as a thin shell over that."""
