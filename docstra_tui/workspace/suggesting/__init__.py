"""Files offered for a question: what both faces do about them."""
