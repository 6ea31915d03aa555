"""The world `corecraft`: Corecraft Computers, an online shop for PC parts at the paper's full size.

`types` declares the entity types, `company` holds their contents as typed values, `rules` the
figures of the company's policies.
"""
