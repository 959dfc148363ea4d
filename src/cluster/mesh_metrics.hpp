// What a mesh counts.
#pragma once
#include "base/metrics.hpp"
#include "cluster/mesh.hpp"

namespace weft::cluster {

struct Mesh::Metrics {
  explicit Metrics(metrics::Registry& registry)
      : sent(registry.counter("weft_mesh_packets_total", "packets between nodes", R"(way="out")")),
        received(
            registry.counter("weft_mesh_packets_total", "packets between nodes", R"(way="in")")),
        unsent(registry.counter("weft_mesh_unsent_total",
                                "packets that the broker's connection did not take")),
        lost(registry.counter("weft_mesh_lost_total", "packets of other nodes that never came")),
        twice(registry.counter("weft_mesh_repeated_total", "packets that came a second time")),
        broken(registry.counter(
            "weft_mesh_broken_total",
            "packets and envelopes that are damaged, cannot be read, or are of a later version")),
        unreachable(registry.counter("weft_mesh_unreachable_total",
                                     "answers of other nodes that did not come in time")),
        deaf(registry.counter("weft_mesh_deaf_total",
                              "times that nothing came over a connection that looked well")),
        left_behind(registry.counter("weft_mesh_left_behind_total",
                                     "ends that were told for nodes that died")),
        nodes(registry.gauge("weft_cluster_nodes", "nodes with a lease, this one too")),
        up(registry.gauge("weft_bus_up", "1 = connected to the broker")) {}

  metrics::Counter &sent, &received, &unsent, &lost, &twice, &broken, &unreachable, &deaf,
      &left_behind;
  metrics::Gauge &nodes, &up;
};

}  // namespace weft::cluster
