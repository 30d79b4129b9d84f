from extract.loading.recovery import refuse_older
