"""What the instrument hears: devices, films of sound, and what is made of them."""
