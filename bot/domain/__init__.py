"""What is true: the rules of the house, as plain functions of plain values.

Standard library only. Nothing here reads a clock, makes an id, or talks to anything; time is an argument.
"""
