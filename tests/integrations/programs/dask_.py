"""One program for each framework; tests/integrations/test_frameworks.py puts turkey.py at its head."""

from distributed import Client, LocalCluster

from pickleloaf import integrations

if __name__ == "__main__":
    with (
        LocalCluster(
            n_workers=1,
            threads_per_worker=1,
            dashboard_address=None,
            memory_limit=0,
            worker_dashboard_address=None,
        ) as cluster,
        Client(cluster) as client,
    ):
        integrations.use_in_dask(client)
        check(client.submit(use, patched_turkey(), counter()).result())
        scattered = client.scatter([patched_turkey()])[0]
        assert client.submit(lambda turkey: turkey.hi(), scattered).result() == "SQUAWK"
        later = client.submit(lambda turkey: turkey, scattered)
        assert client.submit(lambda turkey: turkey.hi(), later).result() == "SQUAWK"
