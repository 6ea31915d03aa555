"""The world `clinic`: the front desk of Fernhill Clinic, an outpatient clinic."""
