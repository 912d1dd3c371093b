def model(dbt, session):
    return dbt.ref("all_trips")
