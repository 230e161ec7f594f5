"""Point sets: spheres, circles, codes, images."""
