-- Takes the mark away, and leaves a token that is gone if the store is emptied meanwhile.
-- KEYS: 1 the `ready` mark, 2 the token. ARGV: 1 the token.
redis.call('DEL', KEYS[1])
redis.call('SET', KEYS[2], ARGV[1])
