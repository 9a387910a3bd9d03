{{- define "exporter.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{- define "exporter.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 63 | trimSuffix "-" -}}
{{- else if contains (include "exporter.name" .) .Release.Name -}}
{{- .Release.Name | trunc 63 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name (include "exporter.name" .) | trunc 63 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "exporter.selectorLabels" -}}
app.kubernetes.io/name: {{ include "exporter.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "exporter.labels" -}}
{{ include "exporter.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
{{- with .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{/* Labels of an object of the Prometheus operator; its own labels win. */}}
{{- define "exporter.operatorLabels" -}}
{{- $labels := include "exporter.labels" .root | fromYaml -}}
{{- with .root.Values.prometheusOperator.release -}}
{{- $labels = merge (dict "release" .) $labels -}}
{{- end -}}
{{- mergeOverwrite (dict) $labels .labels | toYaml -}}
{{- end -}}

{{- define "exporter.serviceAccountName" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "exporter.fullname" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- default "default" .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{- define "exporter.image" -}}
{{- if .Values.image.digest -}}
{{- printf "%s@%s" .Values.image.repository .Values.image.digest -}}
{{- else -}}
{{- printf "%s:%s" .Values.image.repository (default .Chart.AppVersion .Values.image.tag) -}}
{{- end -}}
{{- end -}}

{{/* Fails unless the configuration comes from exactly one place. */}}
{{- define "exporter.checkConfig" -}}
{{- $given := list -}}
{{- if .Values.config }}{{ $given = append $given "config" }}{{ end -}}
{{- if .Values.existingConfig.configMap }}{{ $given = append $given "existingConfig.configMap" }}{{ end -}}
{{- if .Values.existingConfig.secret }}{{ $given = append $given "existingConfig.secret" }}{{ end -}}
{{- if eq (len $given) 0 -}}
{{- fail "no servers to monitor: set `config`, `existingConfig.configMap` or `existingConfig.secret`" -}}
{{- end -}}
{{- if gt (len $given) 1 -}}
{{- fail (printf "the configuration comes from more than one place: %s" (join ", " $given)) -}}
{{- end -}}
{{- if and .Values.web.basicAuth.existingSecret (not .Values.web.existingSecret) -}}
{{- fail "web.basicAuth says what the ServiceMonitor sends; without web.existingSecret the exporter asks for no password" -}}
{{- end -}}
{{- if and .Values.web.tls (not .Values.web.existingSecret) -}}
{{- fail "web.tls needs web.existingSecret with the certificate" -}}
{{- end -}}
{{- if and .Values.state.existingClaim (not .Values.state.enabled) -}}
{{- fail "state.existingClaim is not used unless state.enabled" -}}
{{- end -}}
{{- end -}}

{{/* With a web configuration, /-/healthy needs the password too. A pod cannot take a probe's header from a secret, so the probe
     then only connects; TLS without a password is treated the same, since the chart does not see the file. */}}
{{- define "exporter.probe" -}}
{{- if .root.Values.web.existingSecret -}}
tcpSocket: {port: metrics}
{{- else -}}
httpGet: {path: {{ .path }}, port: metrics}
{{- end -}}
{{- end -}}
