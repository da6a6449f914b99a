import { createApp } from 'vue'
import App from './App.vue'
import { start } from './state/chat.ts'
import './styles/base.css'

start()
createApp(App).mount('#app')
