"""Reading licensing; nothing here changes anything."""
