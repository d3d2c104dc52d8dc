extension MetricDescription {
    /// Every metric of every program, by subject.
    public static let all: [MetricDescription] =
        subjects.flatMap(\.metrics)

    /// The same, under the headings of docs/metrics.md.
    public static let subjects: [(title: String, metrics: [MetricDescription])] = [
        ("HTTP", http), ("Queues, as Redis has them", queues), ("Jobs, as each process counts them", jobs),
        ("The pool", pool), ("Redis", redis), ("Files", files), ("Money", money), ("Mail", mail),
        ("The payment stub", stub), ("Each process", process),
    ]

    private static let every: [Program] = [.api, .pool, .payments]

    private static let http: [MetricDescription] = [
        .init(
            "sunset_http_requests_total", .counter, ["method", "route", "status"],
            "Requests by route template and class of the status (2xx).", [.api, .payments]),
        .init(
            "sunset_http_request_duration_seconds", .histogram, ["method", "route"],
            "Time from a request's head to its answer's head.", [.api, .payments]),
        .init(
            "sunset_http_requests_in_flight", .gauge, "Requests whose answer has not begun.", [.api, .payments]),
    ]

    private static let queues: [MetricDescription] = [
        .init("sunset_queue_jobs", .gauge, ["queue", "state"], "Jobs by queue and state.", [.api]),
        .init(
            "sunset_queue_latency_seconds", .gauge, ["queue"], "How long the oldest claimable job has waited.", [.api]),
        .init(
            "sunset_queue_longest_run_seconds", .gauge, ["queue"],
            "How long the job that runs longest has run, as of its worker's last beat.", [.api]),
        .init("sunset_queue_paused", .gauge, ["queue"], "1 while claims of the queue are paused.", [.api]),
        .init(
            "sunset_queue_workers", .gauge, ["queue"], "Worker processes that were heard of lately, by queue.", [.api]),
    ]

    private static let jobs: [MetricDescription] = [
        .init("jobqueue_enqueued_total", .counter, ["queue"], "Jobs that were put on the queue.", [.api, .pool]),
        .init(
            "jobqueue_duplicates_total", .counter, ["queue"],
            "Enqueues that changed nothing: the id or the unique key was known.", [.api, .pool]),
        .init("jobqueue_completed_total", .counter, ["queue", "type"], "Acknowledged jobs.", [.pool]),
        .init("jobqueue_failed_total", .counter, ["queue", "type"], "Attempts that failed.", [.pool]),
        .init(
            "jobqueue_retried_total", .counter, ["queue", "type"],
            "Failed attempts after which the job waits for its next one.", [.pool]),
        .init("jobqueue_dead_total", .counter, ["queue", "type"], "Jobs that were dead-lettered.", [.pool]),
        .init(
            "jobqueue_lapsed_total", .counter, ["queue"], "Leases that ran out and were reaped by this process.",
            [.pool]),
        .init(
            "jobqueue_leases_lost_total", .counter, ["queue"],
            "Claims of this process that were lost before their end.", [.pool]),
        .init(
            "jobqueue_parked_total", .counter, ["queue"],
            "Jobs that were parked because the process does not know their type and version.", [.pool]),
        .init("jobqueue_cancelled_total", .counter, ["queue"], "Running jobs that were cancelled.", [.pool]),
        .init("jobqueue_released_total", .counter, ["queue"], "Jobs that were handed back without blame.", [.pool]),
        .init(
            "jobqueue_abandoned_total", .counter, ["queue"], "Handlers that ignored their end and were given up.",
            [.pool]),
        .init(
            "jobqueue_run_duration_seconds", .histogram, ["queue", "type"],
            "How long attempts ran, however they ended.", [.pool]),
        .init(
            "jobqueue_wait_duration_seconds", .histogram, ["queue"],
            "How long jobs had been claimable when they were first claimed.", [.pool]),
        .init(
            "jobqueue_turn_duration_seconds", .histogram, ["queue"], "Round trips that settle jobs and claim others.",
            [.pool]),
        .init(
            "jobqueue_claim_batch_size", .histogram, ["queue"], "Jobs that a round trip claimed, where it claimed any.",
            [.pool]),
    ]

    private static let pool: [MetricDescription] = [
        .init("sunset_pool_processes_wanted", .gauge, ["queue"], "Worker processes that the pool wants.", [.pool]),
        .init(
            "sunset_pool_processes", .gauge, ["queue"],
            "Worker processes that there are, starting and draining included.", [.pool]),
        .init(
            "sunset_pool_processes_ready", .gauge, ["queue"], "Worker processes that are ready for work.", [.pool]),
        .init(
            "sunset_pool_restarts_total", .counter, ["cause", "queue"],
            "Worker processes that were started again or replaced, by cause (ended, unready, silent, memory, stuck).",
            [.pool]),
        .init(
            "sunset_pool_leader", .gauge, "1 while this pool plans for all pools of the installation.", [.pool]),
    ]

    private static let redis: [MetricDescription] = [
        .init("redis_client_commands_total", .counter, "Commands that were sent for callers.", [.api, .pool]),
        .init(
            "redis_client_round_trips_total", .counter, "Writes to Redis; one carries all commands that wait.",
            [.api, .pool]),
        .init("redis_client_reconnects_total", .counter, "Connections that came back.", [.api, .pool]),
        .init("redis_client_timeouts_total", .counter, "Commands whose time was up.", [.api, .pool]),
        .init(
            "redis_client_unknown_outcomes_total", .counter, "Commands that were cut between sending and reply.",
            [.api, .pool]),
        .init(
            "redis_client_command_duration_seconds", .histogram,
            "Commands, waiting for a connection included; a sample under load.", [.api, .pool]),
    ]

    private static let files: [MetricDescription] = [
        .init("sunset_store_objects", .gauge, "Objects in the store.", [.api]),
        .init(
            "sunset_store_object_bytes", .gauge, "Bytes of all objects; shared content counts for each of them.",
            [.api]),
        .init("sunset_store_content_bytes", .gauge, "Bytes of all content on the disk.", [.api]),
        .init(
            "sunset_store_scrubbed_timestamp_seconds", .gauge,
            "When the store was last scrubbed to the end, in seconds since the Unix epoch.", [.api]),
        .init(
            "sunset_store_scrub_findings", .gauge, ["kind"],
            "What the last scrub of the store found (rotten, wrong_size, missing, unreadable, orphan, foreign, index); 0 is right.",
            [.api]),
        .init("sunset_uploads_started_total", .counter, "Uploads that sellers announced.", [.api]),
        .init("sunset_uploads_completed_total", .counter, "Uploads that were handed over to ingestion.", [.api]),
        .init("sunset_upload_bytes_total", .counter, "Bytes that were stored by presigned URLs.", [.api]),
        .init(
            "sunset_uploads_refused_total", .counter, ["reason"],
            "Uploads that were refused before ingestion, by the error's code.", [.api]),
        .init(
            "sunset_ingest_outcomes_total", .counter, ["outcome"],
            "Uploads that ingestion decided on (ready, rejected, quarantined), once each.", [.api]),
        .init("sunset_downloads_started_total", .counter, "Downloads whose bytes began to flow.", [.api]),
        .init("sunset_downloads_completed_total", .counter, "Downloads whose last byte was sent.", [.api]),
        .init("sunset_download_bytes_total", .counter, "Bytes of files that were sent.", [.api]),
        .init(
            "sunset_downloads_refused_total", .counter, ["reason"],
            "Downloads that were refused, by the error's code.", [.api]),
    ]

    private static let money: [MetricDescription] = [
        .init(
            "sunset_orders_total", .counter, ["state"],
            "Orders that reached a state (created, paid, fulfilled, canceled, expired), once each.", [.api]),
        .init(
            "sunset_payment_declines_total", .counter, ["code"],
            "Charges that were declined, by the code of the decline (card_declined, expired_card and the like; other), once each.",
            [.api]),
        .init(
            "sunset_money_captured_total", .counter, ["currency"],
            "Money that buyers paid, in the currency's main unit (euros, not cents).", [.api]),
        .init(
            "sunset_money_refunded_total", .counter, ["currency"],
            "Money that was paid back, in the currency's main unit.", [.api]),
        .init(
            "sunset_money_fees_total", .counter, ["currency"],
            "Money that the platform earned, in the currency's main unit.", [.api]),
        .init(
            "sunset_ledger_verified_timestamp_seconds", .gauge,
            "When the ledger was last verified, in seconds since the Unix epoch.", [.api]),
        .init(
            "sunset_ledger_problems", .gauge, "What the last verification of the ledger found wrong; 0 is right.",
            [.api]),
    ]

    private static let mail: [MetricDescription] = [
        .init(
            "sunset_mails_total", .counter, ["outcome", "template"],
            "Messages by template and outcome (delivered, repeated: it was there already).", [.pool])
    ]

    private static let stub: [MetricDescription] = [
        .init(
            "sunset_payment_stub_deliveries_total", .counter, ["outcome"],
            "Attempts to deliver an event (delivered, failed, dropped).", [.payments])
    ]

    private static let process: [MetricDescription] = [
        .init("process_resident_memory_bytes", .gauge, "Resident memory in bytes.", every),
        .init("process_cpu_seconds_total", .counter, "Processor time, user and system, in seconds.", every),
        .init("process_open_fds", .gauge, "Open file descriptors.", every),
        .init(
            "process_start_time_seconds", .gauge, "Start of the process, in seconds since the Unix epoch.", every),
        .init("metrics_dropped_series_total", .counter, "Series that were refused.", every),
    ]
}
