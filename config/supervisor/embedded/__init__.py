"""The two servers that come with the product, for whoever gives neither `DATABASE_URL` nor `REDIS_URL`."""
