import { createApp } from 'vue'
import App from './App.vue'
import './state/announce.ts'
import { start } from './state/stay.ts'
import './styles/base.css'

start()
createApp(App).mount('#app')
