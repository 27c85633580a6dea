"""What an example model is made with: shapes, textures and a GLB writer. Standard library only."""
