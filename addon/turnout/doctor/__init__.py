"""What has to hold on a machine for turnout to work, each proved rather than assumed.

finding.py   what a check says
machine.py   configuration, folders, disk, clock, ports, keys, artifacts
tls.py       a real TLS request through the proxy for every CA variable, and the clients they serve
"""
