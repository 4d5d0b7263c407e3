-- How a shard stands, as of one moment.
-- KEYS: 1 the log, 2 its backlog, 3 the last entry that was acknowledged, 4 the `ready` mark. ARGV: 1 the last entry
-- that is in the tables. Gives: whether it is ready, the last acknowledged, whether the log still has that entry, and
-- how many calls wait.
return {
  redis.call('EXISTS', KEYS[4]),
  redis.call('GET', KEYS[3]) or '0-0',
  #redis.call('XRANGE', KEYS[1], ARGV[1], ARGV[1]),
  tonumber(redis.call('GET', KEYS[2]) or '0'),
}
