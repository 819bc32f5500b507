"""What the portal says, in Slovenian and, where the message id will not do, in English."""
