"""The world of the miniature: drawings from icon fonts with procedural textures, rendered from names and seeds."""
