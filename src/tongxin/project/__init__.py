"""Settings, urls, the one permission table, and which adapter plugs into which port. No business."""
