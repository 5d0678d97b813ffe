"""Reports by the real client of QoA4ML, as a service has it; runs in an environment that has nothing of rohe.

Arguments: the address of RabbitMQ, the exchange, the routing key, the service's name, how many reports, and the seconds
between two of them. Prints the identifiers of its requests, as a JSON list.
"""

from __future__ import annotations

import json
import sys
import threading
import time

from qoa4ml.qoa_client import QoaClient

end_point, exchange, key, service, count, pause = sys.argv[1:]

CONFIGURATION = {
    "client": {
        "username": "demo",
        "name": service,
        "user_id": "u1",
        "instance_name": service,
        "stage_id": "inference",
        "functionality": "TensorFlow",
        "application_name": "obj_class",
        "role": "ml_provider",
        "run_id": "run-1",
        "environment": "Edge",
        "custom_info": "",
    },
    "connector": [
        {
            "name": "amqp_connector",
            "connector_class": "AMQP",
            "config": {
                "end_point": end_point,
                "exchange_name": exchange,
                "exchange_type": "topic",
                "out_routing_key": key,
            },
        }
    ],
}

client = QoaClient(config_dict=CONFIGURATION)
requests = []
for number in range(int(count)):
    client.timer()
    client.timer()
    requests.append(f"{service}-{number}")
    client.report(submit=True, corr_id=requests[-1])
    time.sleep(float(pause))
for thread in threading.enumerate():
    if thread is not threading.main_thread():
        thread.join()
print(json.dumps(requests))
