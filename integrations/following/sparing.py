"""The shared bucket, asked by somebody who lets exports go first."""

from django.conf import settings

from integrations.pacing import FORGET_SECONDS, Bucket, Grant

# As pacing.TAKE, but a reserve stays for exports: nobody's progress delays an applicant. Where they leave nothing for a
# while, a few tokens are taken all the same, so that a long queue of exports does not hide what happens there.
# KEYS: bucket. ARGV: wanted, rate a second, burst, seconds until forgotten, reserve, seconds, tokens.
TAKE_SPARE = """
local now = redis.call('TIME')
local seconds = now[1] + now[2] / 1000000
local wanted, rate, burst, reserve = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[5])
local bucket = redis.call('HMGET', KEYS[1], 'tokens', 'at', 'paused_until', 'spared_at')
local tokens, at = tonumber(bucket[1] or '0'), tonumber(bucket[2] or seconds)
tokens = math.min(burst, tokens + math.max(0, seconds - at) * rate)
local paused = tonumber(bucket[3] or '0') - seconds
local spare = tokens - reserve
local since = seconds - tonumber(bucket[4] or '0')
if spare < 1 and since >= tonumber(ARGV[6]) then spare = math.min(tokens, tonumber(ARGV[7])) end
local granted = 0
if paused <= 0 then granted = math.max(0, math.min(wanted, math.floor(spare + 0.000001))) end
redis.call('HSET', KEYS[1], 'tokens', tokens - granted, 'at', seconds)
if granted > 0 then redis.call('HSET', KEYS[1], 'spared_at', seconds) end
redis.call('EXPIRE', KEYS[1], ARGV[4])
return {granted, tostring(math.max(paused, 0)), tostring(tokens - granted)}
"""

# So many tokens at most are taken from exports that use all there are.
SHARE_TOKENS = 3
# However soon a token may come: each message that finds none costs a worker a moment.
SOONEST_SECONDS = 0.2


class SparingBucket(Bucket):
    """The bucket of one account, for calls that can wait."""

    @property
    def reserve(self) -> float:
        """Return how many tokens stay for exports."""
        return self.burst * settings.FOLLOWING["reserve"]

    def take(self, wanted: int) -> Grant:
        """Take up to `wanted` of the tokens that exports can spare. Raises PacingAway."""
        granted, paused, left = self._run(
            TAKE_SPARE,
            wanted,
            self.rate,
            self.burst,
            FORGET_SECONDS,
            self.reserve,
            settings.FOLLOWING["share_seconds"],
            SHARE_TOKENS,
        )
        return Grant(int(granted), float(paused), float(left))

    def seconds_until_spare(self, grant: Grant) -> float:
        """Return how long after a grant it is worth asking again."""
        until_spare = max(0.0, self.reserve + 1 - grant.left) / self.rate
        return grant.paused + max(SOONEST_SECONDS, min(until_spare, settings.FOLLOWING["share_seconds"]))
