"""Real nodes for the tests' control planes: pods that are placed on them really run.

They live in namespaces of their own (network, mounts, processes), so that they change no firewall, route or mount of
the machine, and that all of it ends with one process. They need root, and programs of Debian that `.ci/run` installs.
While they run, every user of this machine reaches the port of their kubelets, 10.213.N.M:10250; as in other clusters,
kubelets answer those alone who are known to the API server and may use nodes.
"""
