"""The miniature world: icon-font objects with procedural textures, rendered from names and seeds."""
