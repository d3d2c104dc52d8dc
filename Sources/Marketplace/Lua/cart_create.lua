-- Creates an empty cart. A: 1 cart id, 2 owner or '', 3 ms it lives after its last change. Reply: the cart (carts.reply).
-- Sent twice it changes nothing the second time: the id is the caller's.
if redis.call('EXISTS', ckeys.cart(A[1])) == 0 then
  redis.call('HSET', ckeys.cart(A[1]), 'id', A[1], 'owner', A[2], 'created', ckeys.int(now), 'updated', ckeys.int(now), 'order', '')
  redis.call('PEXPIRE', ckeys.cart(A[1]), A[3])
end
return carts.reply(A[1])
