// Swoole's and OpenSwoole's server options: those of ours that mean the same, and why the others
// mean nothing here.
#include "app/compat.hpp"

namespace weft::compat {
namespace {

constexpr std::string_view kLoops = "a connection stays on one loop for life";
constexpr std::string_view kThreads = "tasks run on threads of this process";
constexpr std::string_view kForever = "no process has to be started anew for its memory";
constexpr std::string_view kCoroutines = "weft's coroutines need no setting";
constexpr std::string_view kService = "the service manager does that, such as systemd";
constexpr std::string_view kTls = "TLS is 1.2 and 1.3 with the ciphers of OpenSSL's defaults";
constexpr std::string_view kRaw = "raw TCP is cut into messages by a script: see sockets";
constexpr std::string_view kHttp = "the client port speaks WebSocket and serves files";
constexpr std::string_view kFiles = "files are served by a path:  - { path: /, files: FOLDER }";
constexpr std::string_view kKernel = "the kernel's own value is used";
constexpr std::string_view kAsync = "nothing of weft blocks, so no threads stand behind it";
constexpr std::string_view kFrames =
    "weft answers pings and close frames itself; ConnectionClosed tells code and reason";
constexpr std::string_view kLog =
    "every line of the log has its time, and logrotate turns files over";

constexpr Row kRows[]{
    // What means the same.
    {"worker_num", Take::value, "node.loops"},
    {"reactor_num", Take::value, "node.loops", "", "", "worker_num"},
    {"max_connection", Take::value, "client.max_connections"},
    {"max_conn", Take::value, "client.max_connections"},
    {"package_max_length", Take::value, "client.max_message"},
    {"heartbeat_idle_time", Take::seconds, "client.read_timeout"},
    {"heartbeat_check_interval", Take::twice, "client.read_timeout", "", "", "heartbeat_idle_time"},
    {"ssl_cert_file", Take::value, "listen.clients.certificate"},
    {"ssl_key_file", Take::value, "listen.clients.key"},
    {"websocket_compression", Take::flag, "client.compression"},
    {"log_file", Take::value, "log.file"},
    {"log_level", Take::log_level, "log.level"},
    {"socket_buffer_size", Take::value, "client.max_outbox"},
    {"buffer_output_size", Take::value, "client.max_outbox", "", "", "socket_buffer_size"},
    {"output_buffer_size", Take::value, "client.max_outbox", "", "", "socket_buffer_size"},
    {"max_wait_time", Take::seconds, "node.drain"},
    {"task_worker_num", Take::value, "framework.tasks.threads"},
    {"enable_reuse_port", Take::flag, "listen.clients.share_port"},
    // How it is here anyway.
    {"open_websocket_protocol", Take::accepted, "",
     "the client port always speaks WebSocket; raw TCP is for sockets", "true 1 yes on"},
    {"open_tcp_nodelay", Take::accepted, "", "it is always on", "true 1 yes on"},
    {"enable_coroutine", Take::accepted, "", "coroutines are always there", "true 1 yes on"},
    {"reload_async", Take::accepted, "", "a reload interrupts nothing", "true 1 yes on"},
    // WebSocket.
    {"open_websocket_close_frame", Take::flag_ignored, "", kFrames},
    {"open_websocket_ping_frame", Take::flag_ignored, "", kFrames},
    {"open_websocket_pong_frame", Take::flag_ignored, "", kFrames},
    {"websocket_subprotocol", Take::ignored, "",
     "handshake middleware selects one: Handshake::subprotocol, in C++"},
    {"websocket_mask", Take::flag_ignored, "", "a server's frames carry no mask"},
    // Processes and threads.
    {"daemonize", Take::flag_ignored, "", kService},
    {"pid_file", Take::ignored, "", kService},
    {"user", Take::ignored, "", kService},
    {"group", Take::ignored, "", kService},
    {"chroot", Take::ignored, "", kService},
    {"max_request", Take::ignored, "", kForever},
    {"max_request_grace", Take::ignored, "", kForever},
    {"dispatch_mode", Take::ignored, "", kLoops},
    {"dispatch_func", Take::ignored, "", kLoops},
    {"message_queue_key", Take::ignored, "", kThreads},
    {"open_cpu_affinity", Take::flag_ignored, "", "the kernel places the threads"},
    {"cpu_affinity_ignore", Take::ignored, "", "the kernel places the threads"},
    {"single_thread", Take::flag_ignored, "", "node.loops: 1 serves with one thread"},
    {"thread_num", Take::ignored, "", kAsync},
    {"min_thread_num", Take::ignored, "", kAsync},
    {"max_thread_num", Take::ignored, "", kAsync},
    {"enable_unsafe_event", Take::flag_ignored, "", kLoops},
    {"enable_delay_receive", Take::flag_ignored, "", "open middleware says who comes in"},
    {"discard_timeout_request", Take::flag_ignored, "", kLoops},
    {"enable_signalfd", Take::flag_ignored, "", "signals need no setting"},
    {"wait_signal", Take::flag_ignored, "", "signals need no setting"},
    {"stats_file", Take::ignored, "", "GET /metrics of the API tells the numbers"},
    {"stats_timer_interval", Take::ignored, "", "GET /metrics of the API tells the numbers"},
    // Tasks.
    {"task_max_request", Take::ignored, "", kForever},
    {"task_ipc_mode", Take::ignored, "", kThreads},
    {"task_tmpdir", Take::ignored, "", kThreads},
    {"task_enable_coroutine", Take::flag_ignored, "", kThreads},
    {"task_use_object", Take::flag_ignored, "", kThreads},
    {"task_object", Take::flag_ignored, "", kThreads},
    {"event_object", Take::flag_ignored, "", "listeners are typed already"},
    // Coroutines and what stands behind asynchronous calls.
    {"max_coroutine", Take::ignored, "", kCoroutines},
    {"max_coro_num", Take::ignored, "", kCoroutines},
    {"max_concurrency", Take::ignored, "", "client.max_messages_per_second bounds one client"},
    {"worker_max_concurrency", Take::ignored, "",
     "client.max_messages_per_second bounds one client"},
    {"stack_size", Take::ignored, "", kCoroutines},
    {"c_stack_size", Take::ignored, "", kCoroutines},
    {"hook_flags", Take::ignored, "", kCoroutines},
    {"enable_preemptive_scheduler", Take::flag_ignored, "",
     "framework.watchdog tells of a turn that takes long"},
    {"aio_core_worker_num", Take::ignored, "", kAsync},
    {"aio_worker_num", Take::ignored, "", kAsync},
    {"aio_max_wait_time", Take::ignored, "", kAsync},
    {"aio_max_idle_time", Take::ignored, "", kAsync},
    {"dns_server", Take::ignored, "", "names are looked up as the system says"},
    {"dns_lookup_random", Take::flag_ignored, "", "names are looked up as the system says"},
    {"dns_cache_refresh_time", Take::ignored, "", "names are looked up as the system says"},
    {"use_async_resolver", Take::flag_ignored, "", "names are looked up as the system says"},
    // TCP.
    {"backlog", Take::ignored, "", kKernel},
    {"tcp_fastopen", Take::flag_ignored, "", kKernel},
    {"tcp_defer_accept", Take::ignored, "", "client.handshake_timeout closes who says nothing"},
    {"tcp_user_timeout", Take::ignored, "", "client.pong_timeout closes who does not answer"},
    {"open_tcp_keepalive", Take::flag_ignored, "", "client.ping_interval finds dead clients"},
    {"tcp_keepidle", Take::ignored, "", "client.ping_interval finds dead clients"},
    {"tcp_keepinterval", Take::ignored, "", "client.ping_interval finds dead clients"},
    {"tcp_keepcount", Take::ignored, "", "client.ping_interval finds dead clients"},
    {"kernel_socket_recv_buffer_size", Take::ignored, "", kKernel},
    {"kernel_socket_send_buffer_size", Take::ignored, "", kKernel},
    {"buffer_input_size", Take::ignored, "", "a loop reads into one buffer for all its clients"},
    {"input_buffer_size", Take::ignored, "", "a loop reads into one buffer for all its clients"},
    {"buffer_high_watermark", Take::ignored, "", "client.max_outbox is the bound"},
    {"buffer_low_watermark", Take::ignored, "", "client.max_outbox is the bound"},
    {"send_yield", Take::flag_ignored, "", "a send never waits: client.max_outbox is the bound"},
    {"send_timeout", Take::ignored, "", "a send never waits: client.max_outbox is the bound"},
    {"open_eof_check", Take::flag_ignored, "", kRaw},
    {"open_eof_split", Take::flag_ignored, "", kRaw},
    {"package_eof", Take::ignored, "", kRaw},
    {"open_length_check", Take::flag_ignored, "", kRaw},
    {"package_length_type", Take::ignored, "", kRaw},
    {"package_length_offset", Take::ignored, "", kRaw},
    {"package_body_offset", Take::ignored, "", kRaw},
    {"package_length_func", Take::ignored, "", kRaw},
    {"open_mqtt_protocol", Take::flag_ignored, "", kRaw},
    {"open_redis_protocol", Take::flag_ignored, "", kRaw},
    {"open_fastcgi_protocol", Take::flag_ignored, "", kRaw},
    // TLS.
    {"ssl_method", Take::ignored, "", kTls},
    {"ssl_protocols", Take::ignored, "", kTls},
    {"ssl_ciphers", Take::ignored, "", kTls},
    {"ssl_prefer_server_ciphers", Take::flag_ignored, "", kTls},
    {"ssl_dhparam", Take::ignored, "", kTls},
    {"ssl_ecdh_curve", Take::ignored, "", kTls},
    {"ssl_compress", Take::flag_ignored, "", kTls},
    {"ssl_verify_peer", Take::flag_ignored, "", "clients show no certificates: use a token"},
    {"ssl_verify_depth", Take::ignored, "", "clients show no certificates: use a token"},
    {"ssl_client_cert_file", Take::ignored, "", "clients show no certificates: use a token"},
    {"ssl_cafile", Take::ignored, "", "clients show no certificates: use a token"},
    {"ssl_capath", Take::ignored, "", "clients show no certificates: use a token"},
    {"ssl_allow_self_signed", Take::flag_ignored, "", "clients show no certificates: use a token"},
    {"ssl_passphrase", Take::ignored, "", "the key's file has to be readable without a password"},
    {"ssl_sni_certs", Take::ignored, "", "one certificate serves all names of the client port"},
    // HTTP.
    {"open_http_protocol", Take::flag_ignored, "", kHttp},
    {"open_http2_protocol", Take::flag_ignored, "", kHttp},
    {"http_parse_post", Take::flag_ignored, "", kHttp},
    {"http_parse_cookie", Take::flag_ignored, "", kHttp},
    {"http_parse_files", Take::flag_ignored, "", kHttp},
    {"http_compression", Take::flag_ignored, "", kHttp},
    {"http_compression_level", Take::ignored, "", kHttp},
    {"compression_min_length", Take::ignored, "", kHttp},
    {"upload_tmp_dir", Take::ignored, "", kHttp},
    {"upload_max_filesize", Take::ignored, "", kHttp},
    {"document_root", Take::ignored, "", kFiles},
    {"enable_static_handler", Take::flag_ignored, "", kFiles},
    {"static_handler_locations", Take::ignored, "", kFiles},
    {"http_index_files", Take::ignored, "", "index.html answers for its folder"},
    {"http_autoindex", Take::flag_ignored, "", "folders are never listed"},
    // The log.
    {"log_date_format", Take::ignored, "", kLog},
    {"log_date_with_microseconds", Take::flag_ignored, "", kLog},
    {"log_rotation", Take::ignored, "", kLog},
    {"trace_flags", Take::ignored, "", "log.level: debug shows what there is"},
    {"debug_mode", Take::flag_ignored, "", "log.level: debug shows what there is"},
    {"display_errors", Take::flag_ignored, "", "errors are in the log"},
};

}  // namespace

std::span<const Row> swoole_rows() { return kRows; }

}  // namespace weft::compat
