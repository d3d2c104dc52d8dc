import Foundation

@testable import JobQueue

/// A namespace as sorted lines of text, from the model and from Redis alike.
enum ModelDump {
    /// Everything under a prefix but the clock, the registry and the counters; keys that nobody knows show up as well.
    static let script = """
        local out, prefix = {}, KEYS[1]
        local function add(...) out[#out + 1] = table.concat({ ... }, ' ') end
        local function troubles(text)
          local h = cjson.decode(text)
          local e = {}
          for i, t in ipairs(h.e) do e[i] = t.k .. '@' .. string.format('%.0f', t.t) end
          return 'f' .. h.f .. ' l' .. h.l .. ' ' .. table.concat(e, ',')
        end
        for _, key in ipairs(redis.call('KEYS', prefix .. '*')) do
          local name, kind = string.sub(key, #prefix + 1), redis.call('TYPE', key).ok
          if name == 'clock' or name == 'queues' or string.find(name, ':stat:') then
          elseif kind == 'list' then
            local ids = redis.call('LRANGE', key, 0, -1)
            for i = #ids, 1, -1 do add(name, #ids - i, ids[i]) end
          elseif kind == 'hash' then
            local all = redis.call('HGETALL', key)
            for i = 1, #all, 2 do
              local value = all[i + 1]
              if string.find(name, ':hist$') then value = troubles(value) end
              if all[i] == 'on_success' or all[i] == 'on_complete' then value = 'is there' end
              -- The minute of the counters is theirs; no requests are as good as none ever.
              local skipped = all[i] == 'counted' or all[i] == 'lease' or all[i] == 'lease_at'
                or all[i] == 'cancels' and value == '0'
              if not (skipped and string.find(name, ':meta$')) then add(name, all[i], value) end
            end
          elseif kind == 'zset' then
            local all = redis.call('ZRANGE', key, 0, -1, 'WITHSCORES')
            for i = 1, #all, 2 do add(name, all[i], all[i + 1]) end
          elseif kind == 'stream' then
            for i, entry in ipairs(redis.call('XRANGE', key, '-', '+')) do
              local f = entry[2]
              add(name, i - 1, f[2], f[4], f[6], f[8], f[10])
            end
          elseif string.find(name, ':uniq:') then
            add(name, redis.call('GET', key))
          elseif string.find(name, ':turn:') then
            add(name, cmsgpack.unpack(redis.call('GET', key)).n)
          else
            add(name, 'is there')
          end
        end
        table.sort(out)
        return table.concat(out, '\\n')
        """
}

extension Model {
    var dump: String {
        var lines = memories.map { "q:\($0) \($1.number)" }
        lines += tally.map { "tally \($0) \($1)" }
        for (tag, events) in tags {
            for (index, event) in events.enumerated() { lines.append("tag:\(tag) \(index) \(event)") }
        }
        lines += batchEnds.map { "batches:ends \($0) \($1)" }
        for (id, batch) in batches {
            lines.append("batches \(id) \(batch.created)")
            lines += batch.fields.map { "batch:\(id) \($0) \($1)" }
        }
        for (name, entry) in entries { entry.dump(name, to: &lines) }
        for (name, queue) in queues { queue.dump("q:\(name):", to: &lines) }
        // All is ASCII, whose order is that of its bytes.
        return lines.sorted().joined(separator: "\n")
    }
}

extension ModelBatch {
    var fields: [String: String] {
        var fields = ended.mapValues { "\($0)" }
        fields["created"] = "\(created)"
        fields["sealed"] = sealed.map { "\($0)" }
        fields["finished"] = finished.map { "\($0)" }
        fields["succeeded"] = succeeded.map { "\($0)" }
        fields["total"] = "\(total)"
        fields["pending"] = "\(pending)"
        fields["next"] = "\(next)"
        fields["on_success"] = onSuccess.map { _ in "is there" }
        fields["on_complete"] = onComplete.map { _ in "is there" }
        fields["success_id"] = successID
        fields["complete_id"] = completeID
        return fields
    }
}

extension ModelQueue {
    func dump(_ prefix: String, to lines: inout [String]) {
        for list in ["p0", "p1", "p2", "suspect"] {
            for (index, id) in self.list(list).enumerated() { lines.append("\(prefix)\(list) \(index) \(id)") }
        }
        for (id, place) in marks {
            lines.append("\(prefix)jobs \(id) ")
            dump(id, place, prefix, to: &lines)
        }
        for (id, job) in jobs {
            let envelope = String(decoding: job.envelope, as: UTF8.self)
            switch job.place {
            case .dead: lines.append("\(prefix)morgue \(id) \(envelope)")
            default: lines.append("\(prefix)jobs \(id) \(envelope)")
            }
            dump(id, job.place, prefix, to: &lines)
            if !job.troubles.isEmpty {
                let troubles = job.troubles.joined(separator: ",")
                lines.append("\(prefix)hist \(id) f\(job.failures) l\(job.lapses) \(troubles)")
            }
        }
        for (id, until) in done { lines.append("\(prefix)done \(id) \(until)") }
        for (id, until) in kept { lines.append("\(prefix)kept \(id) \(until)") }
        for (id, result) in results { lines.append("\(prefix)result \(id) \(result)") }
        for (id, reason) in requests { lines.append("\(prefix)cancel \(id) \(reason)") }
        if !requests.isEmpty { lines.append("\(prefix)meta cancels \(requests.count)") }
        if epoch > 0 { lines.append("\(prefix)meta epoch \(epoch)") }
        if let limit { lines.append("\(prefix)meta limit \(limit)") }
        if let rate = bucket.rate {
            lines.append("\(prefix)meta rate \(rate.count)")
            lines.append("\(prefix)meta rate_ms \(rate.milliseconds)")
            lines.append("\(prefix)meta burst \(rate.burst)")
        }
        if let tokens = bucket.tokens {
            lines.append("\(prefix)meta tokens \(String(format: "%.6f", tokens))")
            lines.append("\(prefix)meta tokens_at \(bucket.at)")
        }
        if let ticket = bucket.ticket { lines.append("\(prefix)meta ticket \(ticket.at) \(ticket.worker)") }
        for (id, text) in progress { lines.append("\(prefix)prog \(id) \(text)") }
        for (digest, id) in locks { lines.append("\(prefix)uniq \(digest) \(id)") }
        for (digest, lock) in periods { lines.append("\(prefix)uniq:\(digest) \(lock.id)") }
        if let pausedAt { lines.append("\(prefix)meta paused \(pausedAt)") }
        if soloUntil != nil { lines.append("\(prefix)solo is there") }
        if isHinted { lines.append("\(prefix)wake w 0") }
    }

    private func dump(_ id: String, _ place: ModelJob.Place, _ prefix: String, to lines: inout [String]) {
        switch place {
        case .leased(let epoch, let expiry): lines.append("\(prefix)lease \(id):\(epoch) \(expiry)")
        case .due(let at): lines.append("\(prefix)due \(id) \(at)")
        case .parked(let type): lines.append("\(prefix)parked \(type):\(id) 0")
        case .dead(let at): lines.append("\(prefix)dead \(id) \(at)")
        case .list: break
        }
    }
}
