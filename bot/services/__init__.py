"""What we do: one function for each use case. It reads the store, asks the domain, and writes it all in one transaction.

Plain functions of a transaction: no clock, no id of their own making, no network.
"""
