"""Models of image tokens: autoregressive and masked."""
