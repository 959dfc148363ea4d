<?php
// What an HTTP program needs of weft's API: who is connected, and a queue of messages for them.
// Plain PHP, no extension and no package. docs/message-queue.md describes the calls.
declare(strict_types=1);

final class WeftApi
{
    /** @param string $url of weft's API, http://127.0.0.1:6789 */
    public function __construct(private readonly string $url, private readonly string $credentials = '')
    {
    }

    /** @return array{int, array} the status and the answer; status 0: weft could not be reached */
    public function call(string $method, string $path, ?array $body = null): array
    {
        $headers = ['Content-Type: application/json'];
        if ($this->credentials !== '') {
            $headers[] = 'Authorization: Basic ' . base64_encode($this->credentials);
        }
        $http = ['method' => $method, 'header' => $headers, 'timeout' => 5, 'ignore_errors' => true];
        if ($body !== null) {
            $http['content'] = json_encode($body, JSON_THROW_ON_ERROR);
        }
        $answer = @file_get_contents($this->url . $path, false, stream_context_create(['http' => $http]));
        if ($answer === false) {
            return [0, []];
        }
        $status = (int) explode(' ', $http_response_header[0])[1];
        return [$status, json_decode($answer, true) ?? []];
    }
}

final class ConnectionStorage
{
    public function __construct(private readonly WeftApi $api)
    {
    }

    /** @return iterable<array{id: string, path: string, user: string}> everybody, page by page */
    public function all(): iterable
    {
        $cursor = '';
        do {
            [$status, $page] = $this->api->call('GET', '/v1/connections?limit=1000&cursor=' . urlencode($cursor));
            if ($status !== 200) {
                throw new RuntimeException("weft does not list its connections (status $status)");
            }
            yield from $page['connections'];
            $cursor = $page['next'];
        } while ($cursor !== '');
    }
}

final class MessageQueueManager
{
    private const BATCH = 1000;
    private array $messages = [];
    private array $receipts = ['queued' => 0, 'no_such_connection' => 0, 'full' => 0, 'failed' => 0];

    public function __construct(private readonly WeftApi $api)
    {
    }

    /** They travel together, a thousand in one call: send() sees to the last of them. */
    public function addMessageToQueue(string $connectionId, string $event, mixed $data): self
    {
        $this->messages[] = ['connection' => $connectionId, 'event' => $event, 'data' => $data];
        if (count($this->messages) === self::BATCH) {
            $this->flush();
        }
        return $this;
    }

    /** @return array<string, int> how many messages were queued, and how many were not, by the reason */
    public function send(): array
    {
        $this->flush();
        return $this->receipts;
    }

    private function flush(): void
    {
        $messages = $this->messages;
        $this->messages = [];
        if ($messages === []) {
            return;
        }
        [, $answer] = $this->api->call('POST', '/v1/queue/messages', ['messages' => $messages]);
        foreach ($messages as $i => $_) {
            $this->receipts[$answer['messages'][$i]['status'] ?? 'failed']++;
        }
    }
}
