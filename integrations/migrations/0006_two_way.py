import django.contrib.postgres.fields
import django.db.models.deletion
import purposejobs.fields
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0003_notification'),
        ('candidates', '0003_search_text'),
        ('integrations', '0005_connection_end_told_at'),
        ('jobs', '0005_board_workplace_index'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='AccountReason',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('external_id', models.CharField(max_length=80)),
                ('name', models.CharField(max_length=200)),
                ('is_hire', models.BooleanField(default=False)),
            ],
        ),
        migrations.CreateModel(
            name='BulkSend',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('confirmed_at', models.DateTimeField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name='BulkSendItem',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('outcome', models.CharField(choices=[('goes', 'Goes'), ('already_there', 'Already there'), ('under_way', 'Already on its way'), ('blocked', 'Cannot be sent')], max_length=15)),
                ('code', models.CharField(blank=True, max_length=60)),
            ],
        ),
        migrations.CreateModel(
            name='StageChange',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('moved', 'Moved'), ('archived', 'Archived'), ('hired', 'Hired'), ('reopened', 'Reopened'), ('deleted', 'Deleted'), ('anonymised', 'Anonymised')], max_length=10)),
                ('stage_id', models.CharField(blank=True, max_length=80)),
                ('stage_name', models.CharField(blank=True, max_length=200)),
                ('reason_name', models.CharField(blank=True, max_length=200)),
                ('happened_at', models.DateTimeField()),
                ('noticed_at', models.DateTimeField(auto_now_add=True)),
                ('told_by', models.CharField(choices=[('sent', 'The answer to our own call'), ('webhook', 'A webhook'), ('catch_up', 'The catch-up'), ('refresh', 'Somebody who asked')], max_length=10)),
            ],
        ),
        migrations.CreateModel(
            name='WebhookEvent',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('token', models.CharField(max_length=120)),
                ('event', models.CharField(max_length=60)),
                ('external_id', models.CharField(blank=True, max_length=80)),
                ('triggered_at', models.DateTimeField()),
                ('received_at', models.DateTimeField(auto_now_add=True)),
                ('body', models.JSONField()),
                ('outcome', models.CharField(choices=[('waiting', 'Waiting'), ('done', 'Done'), ('not_ours', 'Nobody we sent'), ('test', 'A test')], default='waiting', max_length=10)),
                ('processed_at', models.DateTimeField(null=True)),
            ],
        ),
        migrations.AddField(
            model_name='accountstage',
            name='step',
            field=models.CharField(choices=[('sent', 'Sent'), ('contacted', 'Contacted'), ('interview', 'Interview'), ('offer', 'Offer')], default='sent', max_length=10),
        ),
        migrations.AddField(
            model_name='candidateexport',
            name='anonymised_there_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='candidateexport',
            name='archive_reason_id',
            field=models.CharField(blank=True, max_length=80),
        ),
        migrations.AddField(
            model_name='candidateexport',
            name='archived_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='candidateexport',
            name='checked_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='candidateexport',
            name='external_updated_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='candidateexport',
            name='hired_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='candidateexport',
            name='origin',
            field=models.CharField(blank=True, max_length=40),
        ),
        migrations.AddField(
            model_name='candidateexport',
            name='owner_id',
            field=models.CharField(blank=True, max_length=80),
        ),
        migrations.AddField(
            model_name='candidateexport',
            name='read_due_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='candidateexport',
            name='stage_changed_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='candidateexport',
            name='tags',
            field=django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=200), default=list, size=None),
        ),
        migrations.AddField(
            model_name='connection',
            name='catch_up',
            field=models.JSONField(default=dict),
        ),
        migrations.AddField(
            model_name='connection',
            name='caught_up_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='connection',
            name='caught_up_to',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='connection',
            name='check_findings',
            field=models.JSONField(default=list),
        ),
        migrations.AddField(
            model_name='connection',
            name='check_requested_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='connection',
            name='checked_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='connection',
            name='delivered_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='connection',
            name='digest_sent_on',
            field=models.DateField(null=True),
        ),
        migrations.AddField(
            model_name='connection',
            name='exports_automatically',
            field=models.BooleanField(default=True),
        ),
        migrations.AddField(
            model_name='connection',
            name='hook_key',
            field=models.CharField(max_length=64, null=True, unique=True),
        ),
        migrations.AddField(
            model_name='connection',
            name='lead_posting',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='integrations.posting'),
        ),
        migrations.AddField(
            model_name='connection',
            name='next_catch_up_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='connection',
            name='sends_notes',
            field=models.BooleanField(default=True),
        ),
        migrations.AddField(
            model_name='connection',
            name='subscribed_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='connection',
            name='subscription_error',
            field=models.CharField(blank=True, max_length=60),
        ),
        migrations.AddField(
            model_name='connection',
            name='subscriptions',
            field=purposejobs.fields.EncryptedTextField(blank=True),
        ),
        migrations.AddField(
            model_name='connection',
            name='test_error',
            field=models.CharField(blank=True, max_length=60),
        ),
        migrations.AddField(
            model_name='connection',
            name='test_requested_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='connection',
            name='test_requested_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='connection',
            name='test_sent_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='connection',
            name='test_url',
            field=models.URLField(blank=True, max_length=500),
        ),
        migrations.AddField(
            model_name='posting',
            name='description',
            field=models.TextField(blank=True),
        ),
        migrations.AddField(
            model_name='posting',
            name='salary',
            field=models.CharField(blank=True, max_length=120),
        ),
        migrations.AddField(
            model_name='posting',
            name='workplace',
            field=models.CharField(blank=True, choices=[('', 'Not specified'), ('onsite', 'On site'), ('hybrid', 'Hybrid'), ('remote', 'Remote')], max_length=12),
        ),
        migrations.AddField(
            model_name='postinglink',
            name='exports_automatically',
            field=models.BooleanField(null=True),
        ),
        migrations.AddField(
            model_name='postinglink',
            name='imported_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='postinglink',
            name='imported_fields',
            field=models.JSONField(default=dict),
        ),
        migrations.AddField(
            model_name='postinglink',
            name='keeps_in_step',
            field=models.BooleanField(default=False),
        ),
        migrations.AlterField(
            model_name='activity',
            name='verb',
            field=models.CharField(choices=[('connected', 'connected'), ('reconnected', 'reconnected'), ('disconnected', 'disconnected'), ('lost', 'lost access'), ('linked', 'connected a job'), ('unlinked', 'disconnected a job'), ('sent', 'sent a candidate'), ('retried', 'tried again'), ('dismissed', 'dismissed'), ('imported', 'imported a posting'), ('back_filled', 'sent those left out'), ('changed', 'changed a setting'), ('tested', 'tested the connection'), ('test_sent', 'sent a test candidate')], max_length=20),
        ),
        migrations.AddField(
            model_name='accountreason',
            name='company',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='accounts.company'),
        ),
        migrations.AddField(
            model_name='accountreason',
            name='connection',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='reasons', to='integrations.connection'),
        ),
        migrations.AddField(
            model_name='bulksend',
            name='company',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='accounts.company'),
        ),
        migrations.AddField(
            model_name='bulksend',
            name='connection',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='bulk_sends', to='integrations.connection'),
        ),
        migrations.AddField(
            model_name='bulksend',
            name='job',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='jobs.job'),
        ),
        migrations.AddField(
            model_name='bulksend',
            name='requested_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='bulksenditem',
            name='bulk_send',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='items', to='integrations.bulksend'),
        ),
        migrations.AddField(
            model_name='bulksenditem',
            name='candidate',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='candidates.candidate'),
        ),
        migrations.AddField(
            model_name='bulksenditem',
            name='company',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='accounts.company'),
        ),
        migrations.AddField(
            model_name='bulksenditem',
            name='export',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='integrations.candidateexport'),
        ),
        migrations.AddField(
            model_name='stagechange',
            name='company',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='accounts.company'),
        ),
        migrations.AddField(
            model_name='stagechange',
            name='export',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='stage_changes', to='integrations.candidateexport'),
        ),
        migrations.AddField(
            model_name='webhookevent',
            name='company',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='accounts.company'),
        ),
        migrations.AddField(
            model_name='webhookevent',
            name='connection',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='webhook_events', to='integrations.connection'),
        ),
        migrations.AddConstraint(
            model_name='accountreason',
            constraint=models.UniqueConstraint(fields=('connection', 'external_id'), name='integrations_account_reason_once'),
        ),
        migrations.AddIndex(
            model_name='bulksend',
            index=models.Index(fields=['company', '-created_at', '-id'], name='integrations_bulk_send_newest'),
        ),
        migrations.AddIndex(
            model_name='bulksenditem',
            index=models.Index(fields=['bulk_send', 'outcome', 'id'], name='integrations_bulk_send_items'),
        ),
        migrations.AddConstraint(
            model_name='bulksenditem',
            constraint=models.UniqueConstraint(fields=('bulk_send', 'candidate'), name='integrations_bulk_send_item_once'),
        ),
        migrations.AddIndex(
            model_name='stagechange',
            index=models.Index(fields=['export', 'happened_at', 'id'], name='integrations_stage_change_line'),
        ),
        migrations.AddIndex(
            model_name='stagechange',
            index=models.Index(fields=['company', 'kind', 'happened_at'], name='integrations_stage_change_kind'),
        ),
        migrations.AddConstraint(
            model_name='stagechange',
            constraint=models.UniqueConstraint(fields=('export', 'kind', 'stage_id', 'happened_at'), name='integrations_stage_change_once'),
        ),
        migrations.AddIndex(
            model_name='webhookevent',
            index=models.Index(condition=models.Q(('outcome', 'waiting')), fields=['connection', 'id'], name='integrations_webhook_waiting'),
        ),
        migrations.AddIndex(
            model_name='webhookevent',
            index=models.Index(fields=['connection', '-received_at', '-id'], name='integrations_webhook_newest'),
        ),
        migrations.AddIndex(
            model_name='webhookevent',
            index=models.Index(fields=['received_at'], name='integrations_webhook_oldest'),
        ),
        migrations.AddConstraint(
            model_name='webhookevent',
            constraint=models.UniqueConstraint(fields=('connection', 'token'), name='integrations_webhook_once'),
        ),
    ]
