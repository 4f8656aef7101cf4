"""The five kits that come with the product, one JSON file each."""
