"""What every PDF shares: A4 sheets, embedded fonts, tables."""
