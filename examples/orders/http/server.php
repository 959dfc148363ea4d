<?php
// The shop: POST /order/create creates an order, and everybody who is connected hears of it.
//   php -S 127.0.0.1:8080 examples/orders/http/server.php
declare(strict_types=1);

require __DIR__ . '/weft.php';

/** One line per order; the lock gives each its own number. */
function create_order(array $order): int
{
    $file = fopen(getenv('ORDERS_FILE') ?: sys_get_temp_dir() . '/weft-orders.jsonl', 'c+');
    flock($file, LOCK_EX);
    for ($id = 1; fgets($file) !== false; $id++);
    fwrite($file, json_encode(['order_id' => $id] + $order) . "\n");
    fclose($file);
    return $id;
}

function answer(int $status, array $body): void
{
    http_response_code($status);
    header('Content-Type: application/json');
    echo json_encode($body), "\n";
}

if ($_SERVER['REQUEST_METHOD'] !== 'POST' || parse_url($_SERVER['REQUEST_URI'], PHP_URL_PATH) !== '/order/create') {
    answer(404, ['error' => 'there is only POST /order/create']);
    return;
}

$api = new WeftApi(getenv('WEFT_API_URL') ?: 'http://127.0.0.1:6789', getenv('WEFT_CREDENTIALS') ?: '');
$connectionStorage = new ConnectionStorage($api);
$messageQueueManager = new MessageQueueManager($api);

$orderId = create_order(['item' => substr((string) ($_POST['item'] ?? 'something'), 0, 100)]);
try {
    foreach ($connectionStorage->all() as $connection) {
        $messageQueueManager->addMessageToQueue($connection['id'], 'CREATED_ORDER', ['order_id' => $orderId]);
    }
    answer(201, ['order_id' => $orderId, 'told' => $messageQueueManager->send()]);
} catch (RuntimeException $problem) {
    // The order stands, whoever heard of it.
    answer(201, ['order_id' => $orderId, 'told' => null, 'problem' => $problem->getMessage()]);
}
